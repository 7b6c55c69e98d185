"""Chromium on the pages of one appliance.  A package, so that its browser is closed before any other test runs."""
