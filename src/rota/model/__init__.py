"""The words of Rota as typed values: no I/O, no clock, nothing but data and its rules."""
