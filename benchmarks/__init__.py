"""Side by side with other libraries: `python -m benchmarks`, and `benchmarks/README.md` says how it measures."""
