"""How Sphinx builds these pages; `nox -s docs` does, and takes every warning for an error."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import upnp_trio  # noqa: E402

project = "upnp_trio"
author = "The upnp_trio developers"
version = release = upnp_trio.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "docs.generate.extension"]
exclude_patterns = ["generate"]
nitpicky = True

myst_enable_extensions = ["colon_fence", "deflist", "smartquotes"]
myst_heading_anchors = 3

# The docstrings write `Running` for a name of ours.
default_role = "py:obj"
add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
maximum_signature_line_length = 88

html_theme = "furo"
html_title = "upnp_trio"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
