//! What shoppers wish for, and when to tell them.
