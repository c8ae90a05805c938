#!/usr/bin/env python
"""Django's own commands, for developers. Whoever runs the product uses `encore`."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "encore.config.settings")
    execute_from_command_line(sys.argv)
