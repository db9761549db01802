"""Every picture that speechdis draws: computed numbers come in, a file goes out. Only here is matplotlib imported."""
