"""Operations: each thing Rota can be asked, once: typed in and out, scope, errors, documentation."""
