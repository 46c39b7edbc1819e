"""What can be read and watched by address: `rota://...`."""
