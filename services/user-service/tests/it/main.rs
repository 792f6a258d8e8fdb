//! The service on real servers, called as others call it.
