"""What a contact centre does on top of a history: whom it may contact, whom it has on the line, who saw what, what a person is handed."""
