"""What reads the files and words of strangers, fuzzed under the lead of coverage (https://github.com/google/atheris)."""
