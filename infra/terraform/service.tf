# Who the service is, and what it and its operators may do: the policies are rendered from what the code declares.

locals {
  places = {
    region    = var.region
    account   = data.aws_caller_identity.current.account_id
    bucket    = aws_s3_bucket.recordings.id
    audio_key = aws_kms_key.audio.arn
    vault_key = aws_kms_key.oauth.arn
    secret    = aws_secretsmanager_secret.google.arn
    sender    = one(concat(aws_ses_domain_identity.mail[*].arn, aws_ses_email_identity.mail[*].arn))
    tables    = local.names
  }
}

resource "aws_iam_policy" "service" {
  name        = "panzoto-service"
  description = "What the backend of Panzoto does, and nothing else"
  policy      = jsonencode(jsondecode(templatefile("${path.module}/service-policy.json.tftpl", local.places)))
}

resource "aws_iam_policy" "operator" {
  name        = "panzoto-operator"
  description = "What the commands of Panzoto do"
  policy      = jsonencode(jsondecode(templatefile("${path.module}/operator-policy.json.tftpl", local.places)))
}

resource "aws_iam_role" "service" {
  name        = "panzoto-service"
  description = "The backend of Panzoto"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = var.service_principals }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "service" {
  role       = aws_iam_role.service.name
  policy_arn = aws_iam_policy.service.arn
}

resource "aws_iam_instance_profile" "service" {
  name = "panzoto-service"
  role = aws_iam_role.service.name
}

# Recordings that an older deployment has made stay where they are: the service reads and deletes them there.
resource "aws_iam_role_policy" "older_recordings" {
  count = length(var.older_folders) > 0 ? 1 : 0

  name = "older-recordings"
  role = aws_iam_role.service.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "OlderRecordings"
      Effect   = "Allow"
      Action   = ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject"]
      Resource = [for each in var.older_folders : "${aws_s3_bucket.recordings.arn}/${each}/*"]
    }]
  })
}
