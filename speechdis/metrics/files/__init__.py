"""Files of trials, scores and vectors, in the forms that toolkits write them."""
