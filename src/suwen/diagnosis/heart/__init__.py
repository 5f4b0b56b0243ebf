"""The heart: cardiovascular risk by published equations, each with its formula shown."""
