"""What administrators and supporters do; every act is an audit event that says what was before and what is after."""
