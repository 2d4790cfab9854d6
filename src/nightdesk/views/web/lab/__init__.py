"""The lab in the browser: all labs, a night as it happens, one experiment, two compared."""
