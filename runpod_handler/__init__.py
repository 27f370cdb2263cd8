"""The worker on RunPod: takes a job, trains it in a child process and leaves the result in object storage."""
