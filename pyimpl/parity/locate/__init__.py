"""Where a difference arises: two models stage by stage, and inside of the stage at fault."""
