"""Where Julia's word comes from: finding Julia, the process that it runs in, warm sessions,
recordings.
"""
