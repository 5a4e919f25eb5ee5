"""What several tests stand on: the emulator, configurations, tables, programs that may be missing."""
