"""What a stranger verifies a decision with, apart from icsml: ``verify.py`` and ``README.txt`` lie in every pack."""
