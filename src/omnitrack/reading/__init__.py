"""Reading: answers from rows: timelines, customers, profiles and exports."""
