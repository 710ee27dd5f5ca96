"""What is asked, and what came: cases, outcomes, the names of their arrays, and how inputs are
drawn.
"""
