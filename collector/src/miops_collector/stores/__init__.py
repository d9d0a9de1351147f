"""Where rows, truth, panes and observations are kept: one engine per module, all owing what ``_store.py`` says."""
