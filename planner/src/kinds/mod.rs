//! One file per AWS resource kind, in folders by service.
