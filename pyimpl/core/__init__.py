"""What everything else is made of: the contract of pullbacks, walks over models, broadcasting,
windows, checks of arguments, versions.
"""
