// oxlint-disable-next-line unicorn/no-process-exit -- ends this thread alone
process.exit(5)
