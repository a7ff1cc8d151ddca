"""Long-running loader, and the work after each commit: model builds, publishing, reports to Dagster."""
