{{ profile_fits('person_key', ref('int_person_traits')) }}
