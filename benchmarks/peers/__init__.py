"""The programs that this project is compared with; each serves one small device by SSDP and HTTP."""
