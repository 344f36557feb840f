"""Who hears of an incident, by which channel, and what it says there."""
