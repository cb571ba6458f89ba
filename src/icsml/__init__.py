"""Credit-risk assessment of technology SMEs with Innovation Credit System points as features."""
