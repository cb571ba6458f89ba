"""Where model, validation and registry meet: train and demo."""
