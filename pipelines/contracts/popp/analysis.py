"""Source page of analysis events. They share no more fields than every Popp event does."""

PAGE = "Popp, Analysis Events"
