"""The same assessment on Spark. Nothing here is imported unless a command asks for it (decision 300)."""
