"""What is printed, sent or put among the annexes of a contract: the papers of every package, made the same way.

A package registers its papers in its `documents.py`, which its `apps.py` imports when models can be:

    @document("training-record", _("Training record"), noun="training")
    def training_record(row: Training, reader: Reader) -> Paper: ...

That gives the page of a row's papers, PDF, DOCX and XLSX, the rights of the row's noun, and a line in the log of access.
A paper whose form is laid down brings a typst template of its own (`template=…`) and is a PDF only.
"""
