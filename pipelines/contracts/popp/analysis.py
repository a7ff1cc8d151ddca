"""Where what is known of analysis events comes from; they share no more than every Popp event does."""

PAGE = "Popp, Analysis Events"
