"""A laboratory of real mail servers: private instances, nasty mailboxes, and an independent comparison.

Nothing here shares code with the library that it judges.
"""
