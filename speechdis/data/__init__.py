"""Files of speech: utterances, Kaldi data directories, audio. Imports no torch."""
