"""Reading the files a user writes, fleet.toml and files of tasks: errors name file, line, field and fix."""
