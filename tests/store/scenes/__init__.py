"""What Rota does with its tables, as short scenes: together they use every statement there is.

A scene gets an open transaction on empty tables and checks what it reads. All scenes give the same answers on every
database.
"""
