"""The platform: what remembers and what meets people, on top of the library."""
