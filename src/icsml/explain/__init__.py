"""Why a PD is what it is: contributions that add up to it, in log-odds and in score points."""
