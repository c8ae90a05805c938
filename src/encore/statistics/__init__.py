"""The one door to statistics. scipy, statsmodels and svy are loaded within functions, by workers; a web process has none."""
