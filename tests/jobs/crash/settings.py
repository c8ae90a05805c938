"""The product, and an address at which jobs of the trial are put in."""

from encore.config.settings import *  # noqa: F403

ROOT_URLCONF = "tests.jobs.crash.urls"
