"""The de-identification engine: reads a data file, measures Art. 17, profiles and extracts. No Django inside.

The site never calls the modules directly: `sandbox.run` carries commands out in a confined subprocess.
"""
