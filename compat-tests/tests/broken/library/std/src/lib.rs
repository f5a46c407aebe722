#![stable(feature = "toy", since = "1.0.0")]
