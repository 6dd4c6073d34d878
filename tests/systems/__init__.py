"""The package on systems that these tests do not run on: Windows and macOS, as far as stand-ins can tell.

`rules` has what each system is: its constants, error numbers, and what its sockets allow, each with its source.
`kernel`, `udp` and `tcp` are sockets with these rules, in memory. `package` imports the whole package so that it sees
such a system, while trio and the standard library stay on the real one. What this cannot show is on the page
docs/explanation/systems.md.
"""
