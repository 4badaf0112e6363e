{{ profile_fits('pass_key', ref('int_pass_traits')) }}
