"""What the user's pair is: both sides, how they are loaded, which array is which, how a pair is
checked.
"""
