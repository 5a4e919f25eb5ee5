# Two keys of KMS, and the secret of a provider's client.

resource "aws_kms_key" "oauth" {
  description             = "Panzoto: tokens of other providers"
  enable_key_rotation     = true
  deletion_window_in_days = 30

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_alias" "oauth" {
  name          = "alias/axnt-oauth"
  target_key_id = aws_kms_key.oauth.key_id
}

resource "aws_kms_key" "audio" {
  description             = "Panzoto: audio keys of people without a password, and recordings at rest"
  enable_key_rotation     = true
  deletion_window_in_days = 30

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_alias" "audio" {
  name          = "alias/panzoto-audio"
  target_key_id = aws_kms_key.audio.key_id
}

# Its value is put there by you, and never known to Terraform: {"client_id": "…", "client_secret": "…"}
resource "aws_secretsmanager_secret" "google" {
  name        = "axnt/google-oauth"
  description = "Panzoto: the client of Google"
}

resource "aws_ses_domain_identity" "mail" {
  count  = strcontains(var.mail_identity, "@") ? 0 : 1
  domain = var.mail_identity
}

resource "aws_ses_email_identity" "mail" {
  count = strcontains(var.mail_identity, "@") ? 1 : 0
  email = var.mail_identity
}
