"""Reading: timelines, customers, profiles and exports, from the rows of a store."""
