"""The programs that stand beside this project: each serves one small device, by SSDP and, where it can, HTTP."""
