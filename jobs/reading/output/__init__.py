"""What a run writes, read in bounded parts while it grows: after a cursor, before one, by lines, and searched."""
