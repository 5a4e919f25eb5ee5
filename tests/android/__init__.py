"""What an Android app does, in Java that needs nothing but the JDK, and the tests that it fits."""
